import torch
from torch import nn


class MLP(nn.Module):
    def __init__(self, in_features, hidden_features, out_features):
        super().__init__()
        self.hidden = nn.Linear(in_features, hidden_features)
        self.out_features = out_features

    def forward(self, x):
        h = torch.relu(self.hidden(x))
        self.output = nn.Linear(h.shape[1], self.out_features)
        return self.output(h)
