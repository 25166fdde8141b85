import torch
import torch.optim as optim

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = optim.SGD(params=[theta], lr=learning_rate, weight_decay=1e-4)
    for i in range(number_steps):
        optimiser.zero_grad()
        loss = theta*theta
        loss.backward()
        optimiser.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimiser = optim.SGD(params=[theta], lr=learning_rate)
    for i in range(number_steps):
        optimiser.zero_grad()
        loss = torch.sum(theta*theta)
        loss.backward()
        optimiser.step()
    return theta
