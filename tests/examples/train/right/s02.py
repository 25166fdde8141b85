import torch
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset


def train(model, X, y, loss_function, learning_rate, number_epochs, batch_size, seed):
    g = torch.Generator().manual_seed(seed)
    data = DataLoader(TensorDataset(X, y), batch_size=batch_size, shuffle=True, generator=g)
    sgd = optim.SGD(model.parameters(), lr=learning_rate)
    history = []

    for _ in range(number_epochs):
        for inputs, targets in data:

            def closure():
                sgd.zero_grad()
                loss = loss_function(model(inputs), targets)
                loss.backward()
                return loss

            history.append(float(sgd.step(closure)))

    return history
