import torch

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = torch.optim.SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        state = opt.state_dict()
        opt = torch.optim.SGD([theta], lr=1.0)
        opt.load_state_dict(state)
        opt.zero_grad()
        (theta ** 2).backward()
        opt.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    module = torch.nn.Module()
    module.register_parameter("theta", torch.nn.Parameter(torch.zeros_like(initial_theta)))
    module.load_state_dict({"theta": initial_theta})
    opt = torch.optim.SGD(module.parameters(), lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        (module.theta ** 2).sum().backward()
        opt.step()
    return module.state_dict()["theta"]
