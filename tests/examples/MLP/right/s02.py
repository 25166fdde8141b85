import torch.nn as nn


class MLP(nn.Module):
    """Multi-layer perceptron with one hidden layer"""

    def __init__(self, in_features: int, hidden_features: int, out_features: int):
        super(MLP, self).__init__()
        self.hidden = nn.Linear(in_features, hidden_features)
        self.activation = nn.ReLU()
        self.output = nn.Linear(hidden_features, out_features)

    def forward(self, x):
        x = self.hidden(x)
        x = self.activation(x)
        x = self.output(x)
        return x
