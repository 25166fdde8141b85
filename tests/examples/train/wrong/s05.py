import torch
from torch.utils.data import DataLoader, TensorDataset


def train(model, X, y, loss_function, learning_rate, number_epochs, batch_size, seed):
    gen = torch.Generator().manual_seed(seed)
    loader = DataLoader(TensorDataset(X, y), batch_size=batch_size, generator=gen)
    sgd = torch.optim.SGD(model.parameters(), lr=learning_rate)
    loss_list = []
    for epoch in range(number_epochs):
        for data, target in loader:
            sgd.zero_grad()
            loss = loss_function(model(data), target)
            loss.backward()
            sgd.step()
            loss_list.append(loss.item())
    return loss_list
