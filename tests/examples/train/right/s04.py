import torch
from torch.utils.data import DataLoader, TensorDataset


def all_batches(loader, number_epochs):
    for _ in range(number_epochs):
        yield from loader


def one_step(model, optimizer, loss_function, xb, yb):
    optimizer.zero_grad()
    loss = loss_function(model(xb), yb)
    value = loss.item()
    loss.backward()
    optimizer.step()
    return value


def train(model, X, y, loss_function, learning_rate, number_epochs, batch_size, seed):
    g = torch.Generator().manual_seed(seed)
    loader = DataLoader(TensorDataset(X, y), batch_size=batch_size, shuffle=True, generator=g)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    return [one_step(model, optimizer, loss_function, xb, yb)
            for xb, yb in all_batches(loader, number_epochs)]


if __name__ == "__main__":
    torch.manual_seed(0)
    X = torch.randn(20, 3)
    y = X @ torch.tensor([[1.0], [2.0], [3.0]])
    print(train(torch.nn.Linear(3, 1), X, y, torch.nn.MSELoss(), 0.1, 3, 8, 0))
