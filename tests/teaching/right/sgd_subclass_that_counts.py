import torch

class CountingSGD(torch.optim.SGD):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.count = 0
    def step(self, closure=None):
        self.count += 1
        return super().step(closure)

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = CountingSGD([theta], lr=learning_rate)
    while opt.count < number_steps:
        opt.zero_grad()
        (theta**2).backward()
        opt.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = torch.nn.Parameter(initial_theta.clone())
    opt = CountingSGD([theta], lr=learning_rate)
    while opt.count < number_steps:
        opt.zero_grad()
        (theta**2).sum().backward()
        opt.step()
    return theta.detach()
