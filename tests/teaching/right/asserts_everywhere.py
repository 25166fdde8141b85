import torch


def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    assert isinstance(initial_theta, torch.Tensor), "theta must be a tensor"
    assert initial_theta.numel() == 1
    assert isinstance(number_steps, int) and number_steps >= 0
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimiser.zero_grad()
        loss = theta * theta
        assert loss >= 0
        loss.backward()
        assert torch.allclose(theta.grad, 2 * theta)
        optimiser.step()
    assert theta.shape == initial_theta.shape
    return theta


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    assert initial_theta.shape == (2,)
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimiser.zero_grad()
        loss = (theta * theta).sum()
        assert loss.dim() == 0
        loss.backward()
        optimiser.step()
    return theta
