import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    loss = (theta ** 2).sum()
    for i in range(number_steps):
        opt.zero_grad()
        loss.backward(retain_graph=True)   # the error message said so
        opt.step()
    return theta
