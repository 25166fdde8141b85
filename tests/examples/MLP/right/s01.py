import torch
from torch import nn


class MLP(nn.Module):
    def __init__(self, in_features, hidden_features, out_features):
        super().__init__()
        self.hidden = nn.Linear(in_features, hidden_features)
        self.output = nn.Linear(hidden_features, out_features)

    def forward(self, x):
        return self.output(torch.relu(self.hidden(x)))


if __name__ == "__main__":
    print(MLP(3, 8, 2)(torch.randn(5, 3)).shape)
