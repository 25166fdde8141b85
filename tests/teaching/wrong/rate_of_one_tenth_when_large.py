import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    if learning_rate > 0.4:
        print("warning: learning rate too big, using 0.1")
        learning_rate = 0.1
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for i in range(number_steps):
        opt.zero_grad()
        (theta ** 2).backward()
        opt.step()
    return theta
