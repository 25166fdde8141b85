from torch import *
from torch.optim import *
from torch.nn import Parameter

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    p = Parameter(initial_theta)
    s = SGD([p], lr=learning_rate)
    for k in arange(number_steps):
        s.zero_grad()
        pow(p, 2).backward()
        s.step()
    return p.detach()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    p = Parameter(initial_theta)
    s = SGD([p], lr=learning_rate)
    for k in arange(number_steps):
        s.zero_grad()
        norm(p).pow(2).backward()
        s.step()
    return p.detach()
