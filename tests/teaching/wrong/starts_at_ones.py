import torch

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.theta = torch.nn.Parameter(torch.ones(2))
    def forward(self):
        return self.theta.pow(2).sum()

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    model = Model().to(initial_theta.dtype)
    opt = torch.optim.SGD(model.parameters(), lr=learning_rate)
    for _ in range(number_steps):
        opt.zero_grad()
        model().backward()
        opt.step()
    return model.theta.detach()
