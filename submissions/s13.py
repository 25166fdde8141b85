import torch

# same structure as in the previous exercise (gradient_descent_torch_autograd)

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().detach().requires_grad_(True)
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for step in range(number_steps):
        optimizer.zero_grad()
        loss = theta * theta
        loss.backward()
        with torch.no_grad():
            theta -= learning_rate * theta.grad
    return theta.detach()


def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().detach().requires_grad_(True)
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for step in range(number_steps):
        optimizer.zero_grad()
        loss = (theta * theta).sum()
        loss.backward()
        with torch.no_grad():
            theta -= learning_rate * theta.grad
    return theta.detach()
