import torch
from torch import nn


class MLP(nn.Module):
    def __init__(self, in_features, hidden_features, out_features):
        super().__init__()
        # weight has shape (out, in)
        self.hidden = nn.Linear(hidden_features, in_features)
        self.output = nn.Linear(hidden_features, out_features)

    def forward(self, x):
        x = torch.relu(self.hidden(x))
        return self.output(x)
