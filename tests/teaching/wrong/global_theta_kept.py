import torch

theta = None

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    global theta
    if theta is None:
        theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = theta ** 2
        loss.backward()
        optimizer.step()
    return theta.detach().clone()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    t = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([t], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = (t ** 2).sum()
        loss.backward()
        optimizer.step()
    return t.detach()
