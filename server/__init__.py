"""Sessions on the network: HTTP, WebRTC; who may, how many, how long."""
