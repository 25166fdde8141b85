import torch
torch.manual_seed(42)

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().detach().requires_grad_(True)
    # "always use nesterov" (stackoverflow)
    optimizer = torch.optim.SGD([theta], lr=learning_rate, momentum=0.9, nesterov=True)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = theta.pow(2)
        loss.backward()
        optimizer.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().detach().requires_grad_(True)
    optimizer = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = theta.pow(2).sum()
        loss.backward()
        optimizer.step()
    return theta.detach()
