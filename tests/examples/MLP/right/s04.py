import torch
import torch.nn as nn
import torch.nn.functional as F


class MLP(nn.Module):
    def forward(self, x):
        activations = F.relu(self.hidden(x))
        return self.output(activations)

    def __init__(self, in_features, hidden_features, out_features):
        super().__init__()
        self.output = nn.Linear(hidden_features, out_features)
        self.hidden = nn.Linear(in_features, hidden_features)
