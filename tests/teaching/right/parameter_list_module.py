import torch
from torch import nn

class TwoNumbers(nn.Module):
    def __init__(self, start):
        super().__init__()
        self.numbers = nn.ParameterList([nn.Parameter(x.clone()) for x in start.reshape(-1)])

    def forward(self):
        total = 0
        for x in self.numbers:
            total = total + x ** 2
        return total

    def as_tensor(self, shape):
        return torch.stack([x.detach() for x in self.numbers]).reshape(shape)

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    net = TwoNumbers(initial_theta)
    opt = torch.optim.SGD(net.parameters(), lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        net().backward()
        opt.step()
    return net.as_tensor(initial_theta.shape)

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps)
