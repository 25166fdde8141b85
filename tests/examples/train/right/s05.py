import torch
from torch.utils.data import DataLoader, TensorDataset


def train(model, X, y, loss_function, learning_rate, number_epochs, batch_size, seed):
    g = torch.Generator().manual_seed(seed)
    loader = DataLoader(TensorDataset(X, y), batch_size=batch_size, shuffle=True, generator=g)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(parameters, lr=learning_rate)
    losses = []
    for epoch in range(number_epochs):
        for xb, yb in loader:
            loss = loss_function(model(xb), yb)
            gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
            # no zero_grad needed, the gradients are put there, not added
            for p, grad in zip(parameters, gradients):
                p.grad = grad
            optimizer.step()
            losses.append(float(loss.detach()))
    return losses
