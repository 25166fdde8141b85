import torch


class GradientDescent:
    """Callable, so that it can be configured with any loss."""

    optimiser_class = torch.optim.SGD

    def __init__(self, loss):
        self.loss = loss
        self.losses = []

    def __call__(self, initial_theta, learning_rate, number_steps):
        self.losses.clear()
        theta = torch.nn.Parameter(initial_theta.clone())
        optimiser = self.optimiser_class([theta], lr=learning_rate)
        for _ in range(number_steps):
            optimiser.zero_grad()
            value = self.loss(theta)
            self.losses.append(value.item())
            value.backward()
            optimiser.step()
        return theta.detach()


gradient_descent_torch_optimiser = GradientDescent(lambda theta: theta * theta)
gradient_descent_norm_torch_optimiser = GradientDescent(lambda theta: torch.dot(theta, theta))
