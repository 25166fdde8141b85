import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        loss = theta ** 2
        loss.backward(torch.ones_like(loss))
        opt.step()
    return theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        loss = theta ** 2
        loss.backward(gradient=torch.ones_like(theta))
        opt.step()
    return theta
