// Shows the API's document with Swagger UI; everything comes from this host, as the content security policy demands.
const reference = document.getElementById("reference");

window.SwaggerUIBundle({
  url: reference.dataset.document,
  domNode: reference,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  validatorUrl: null,
});
