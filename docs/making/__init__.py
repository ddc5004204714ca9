"""What makes the site of the documentation: pages whose commands run, a reference, and checks."""
