import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    optimizer = torch.optim.SGD([{"params": [theta], "lr": learning_rate}], lr=1e-3)
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = theta ** 2
        loss.backward()
        optimizer.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    # one group per component
    a = torch.nn.Parameter(initial_theta[0].clone())
    b = torch.nn.Parameter(initial_theta[1].clone())
    optimizer = torch.optim.SGD([{"params": [a]}], lr=learning_rate)
    optimizer.add_param_group({"params": [b]})
    for _ in range(number_steps):
        optimizer.zero_grad()
        loss = a ** 2 + b ** 2
        loss.backward()
        optimizer.step()
    return torch.stack([a, b]).detach()
