import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.LBFGS([theta], lr=learning_rate)
    def closure():
        optimizer.zero_grad()
        loss = torch.sum(theta ** 2)
        loss.backward()
        return loss
    for _ in range(number_steps):
        optimizer.step(closure)
    return theta
