import torch

class SGD:
    """My own optimiser, same interface as torch.optim.SGD"""
    def __init__(self, params, lr):
        self.params, self.lr = list(params), lr
    def zero_grad(self):
        for p in self.params:
            p.grad = None
    @torch.no_grad()
    def step(self):
        for p in self.params:
            p -= self.lr * p.grad

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    optimizer = SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        (theta ** 2).backward()
        optimizer.step()
    return theta.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    theta = initial_theta.clone().requires_grad_()
    optimizer = SGD([theta], lr=learning_rate)
    for _ in range(number_steps):
        optimizer.zero_grad()
        (theta ** 2).sum().backward()
        optimizer.step()
    return theta.detach()
