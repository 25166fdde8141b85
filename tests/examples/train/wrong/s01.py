import torch
from torch.utils.data import DataLoader, TensorDataset


def train(model, X, y, loss_function, learning_rate, number_epochs, batch_size, seed):
    g = torch.Generator().manual_seed(seed)
    loader = DataLoader(TensorDataset(X, y), batch_size=batch_size, shuffle=True, generator=g)
    opt = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses = []
    for epoch in range(number_epochs):
        for xb, yb in loader:
            loss = loss_function(model(xb), yb)
            loss.backward()
            opt.step()
            losses.append(loss.item())
    return losses
