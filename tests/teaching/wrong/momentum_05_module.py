import torch
import torch.nn as nn

class Model(nn.Module):
    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(theta.clone())
    def forward(self):
        return torch.sum(self.theta ** 2)

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    model = Model(initial_theta)
    opt = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=.5)
    for _ in range(number_steps):
        opt.zero_grad()
        model().backward()
        opt.step()
    return model.theta.detach()
