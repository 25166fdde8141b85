import torch
from torch.nn import Linear, Module


class MLP(Module):
    def __init__(self, in_features, hidden_features, out_features):
        Module.__init__(self)
        self.hidden = Linear(in_features, hidden_features, bias=True)
        self.output = Linear(hidden_features, out_features, bias=True)

    def forward(self, x):
        h = self.hidden(x).clamp(min=0)
        y = self.output(h)
        return y
