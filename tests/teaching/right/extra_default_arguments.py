import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate=0.1, number_steps=10, verbose=False, momentum=0.0):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate, momentum=momentum)
    for i in range(number_steps):
        opt.zero_grad()
        loss = theta * theta
        loss.backward()
        opt.step()
        if verbose:
            print(i, theta.item(), loss.item())
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate=0.1, number_steps=10, verbose=False, **sgd_options):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate, **sgd_options)
    for i in range(number_steps):
        opt.zero_grad()
        loss = (theta * theta).sum()
        loss.backward()
        opt.step()
        if verbose:
            print(i, theta.tolist(), loss.item())
    return theta.detach()
