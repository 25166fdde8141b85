import torch
from torch import nn


class MLP(nn.Module):
    def __init__(self, in_features, hidden_features, out_features):
        super().__init__()
        sizes = [in_features, hidden_features, out_features]
        self.hidden = nn.Linear(sizes[0], sizes[1])
        self.output = nn.Linear(sizes[1], sizes[2])

    @staticmethod
    def _relu(z):
        return torch.where(z > 0, z, torch.zeros_like(z))

    def forward(self, x):
        z = self.hidden(x)
        return self.output(self._relu(z))
