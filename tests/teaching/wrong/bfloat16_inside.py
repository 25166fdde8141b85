import torch

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.to(torch.bfloat16))
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for i in range(number_steps):
        opt.zero_grad()
        loss = theta.square().sum()
        loss.backward()
        opt.step()
    return theta.detach().to(initial_theta.dtype)
