import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        loss = theta ** 2
        loss.backward()
        opt.step()
        final_theta = theta.detach()
    return final_theta

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        loss = (theta ** 2).sum()
        loss.backward()
        opt.step()
    print("loss", loss.item())
    return theta.detach()
