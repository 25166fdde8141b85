import copy
import torch
from torch import nn

class Model(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.theta = nn.Parameter(torch.zeros(shape))
    def forward(self):
        return (self.theta ** 2).sum()

BASE = {1: Model(()), 2: Model((2,))}

def train(model, theta, lr, n):
    model = copy.deepcopy(model)
    model.theta.data = copy.deepcopy(theta.data)
    opt = torch.optim.SGD(list(model.parameters()), lr)
    for _ in range(n):
        opt.zero_grad()
        model().backward()
        opt.step()
    return model.theta

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return train(BASE[1], initial_theta, learning_rate, number_steps)

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return train(BASE[2], initial_theta, learning_rate, number_steps)
