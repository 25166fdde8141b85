import torch
from torch import optim
from torch.utils.data import DataLoader, TensorDataset


def train(model, X, y, loss_function, learning_rate, number_epochs, batch_size, seed):
    g = torch.Generator().manual_seed(seed)
    batches = DataLoader(TensorDataset(X, y), batch_size=batch_size, shuffle=True, generator=g)
    opt = optim.SGD(model.parameters(), lr=learning_rate)

    recorded = []   # .item() for every batch would wait for the GPU
    for epoch in range(number_epochs):
        for x_batch, y_batch in batches:
            prediction = model(x_batch)
            loss = loss_function(prediction, y_batch)
            recorded.append(loss.detach().clone())
            opt.zero_grad(set_to_none=True)
            loss.backward()
            opt.step()

    if len(recorded) == 0:
        return []
    return torch.stack(recorded).tolist()
