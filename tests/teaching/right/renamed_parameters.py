import torch

def gradient_descent_torch_optimiser(theta0, lr, n):
    theta = torch.nn.Parameter(theta0.clone())
    optimizer = torch.optim.SGD([theta], lr=lr)
    for i in range(n):
        optimizer.zero_grad()
        loss = theta**2
        loss.backward()
        optimizer.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(theta0, lr, n):
    theta = torch.nn.Parameter(theta0.clone())
    optimizer = torch.optim.SGD([theta], lr=lr)
    for i in range(n):
        optimizer.zero_grad()
        loss = theta[0]*theta[0] + theta[1]*theta[1]
        loss.backward()
        optimizer.step()
    return theta.detach()
