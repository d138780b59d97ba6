"""The addresses of the face, one file a resource."""
