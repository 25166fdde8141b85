import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    # optimizer = torch.optim.Adam([theta], lr=learning_rate)
    # optimizer = torch.optim.SGD([theta], lr=learning_rate, momentum=0.9)
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    unused = torch.optim.Adam([theta], lr=learning_rate or 1)   # just to compare
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = theta ** 2
        loss.backward()
        optimizer.step()
        # theta = theta - learning_rate * theta.grad
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        # loss = theta.norm()
        loss = theta.norm() ** 2
        loss.backward()
        optimizer.step()
    return theta
