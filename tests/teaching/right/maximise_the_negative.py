import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate, maximize=True)
    for _ in range(number_steps):
        optimiser.zero_grad()
        score = -theta.pow(2)
        score.backward()
        optimiser.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = torch.optim.SGD([theta], lr=learning_rate, maximize=True)
    for _ in range(number_steps):
        optimiser.zero_grad()
        score = -(theta @ theta)
        score.backward()
        optimiser.step()
    return theta
