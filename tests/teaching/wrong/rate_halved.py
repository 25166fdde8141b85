import torch

class Net(torch.nn.Module):
    def __init__(self, t):
        super().__init__()
        self.t = torch.nn.Parameter(t.clone())
    def forward(self):
        return (self.t * self.t).sum()

def fit(t, lr, n):
    net = Net(t)
    # divide by 2 because of the factor 2 in the derivative
    opt = torch.optim.SGD(net.parameters(), lr=lr / 2)
    for _ in range(n):
        opt.zero_grad()
        net().backward()
        opt.step()
    return net.t.detach()

def gradient_descent_torch_optimiser(initial_theta, learning_rate, number_steps):
    return fit(initial_theta, learning_rate, number_steps)

def gradient_descent_norm_torch_optimiser(initial_theta, learning_rate, number_steps):
    return fit(initial_theta, learning_rate, number_steps)
