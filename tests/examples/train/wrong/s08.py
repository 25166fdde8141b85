import copy

import torch
from torch.utils.data import DataLoader, TensorDataset


def train(model, X, y, loss_function, learning_rate, number_epochs, batch_size, seed):
    model = copy.deepcopy(model)   # don't change the argument
    g = torch.Generator().manual_seed(seed)
    loader = DataLoader(TensorDataset(X, y), batch_size=batch_size, shuffle=True, generator=g)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses = []
    for epoch in range(number_epochs):
        for xb, yb in loader:
            loss = loss_function(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
