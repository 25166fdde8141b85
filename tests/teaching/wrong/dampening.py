import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate, momentum=0.9, dampening=0.5)
    for i in range(number_steps):
        opt.zero_grad()
        (theta ** 2).backward()
        opt.step()
    return theta
