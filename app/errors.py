"""What can go wrong, each error with the HTTP status and the code it is answered with.

ServiceError               500  internal_error
├── RequestError           the request is none that is taken, whatever it carries
│   ├── MalformedRequest       400  malformed_request
│   ├── MalformedHeader        400  malformed_header
│   ├── Unauthorised           401  unauthorised
│   ├── SlowRequest            408  slow_request
│   ├── UnsupportedEncoding    415  unsupported_encoding
│   └── HeadersTooLarge        431  headers_too_large
├── UploadError            the request is not one upload, or not one we take
│   ├── MalformedBody          400  malformed_body
│   ├── EmptyUpload            400  empty_upload
│   ├── MissingFile            422  missing_file
│   ├── InvalidParameter       422  invalid_parameter
│   ├── UploadTooLarge         413  upload_too_large
│   ├── TooManyFiles           413  too_many_files
│   ├── TooManyParts           413  too_many_parts
│   ├── TooManyRows            413  too_many_rows
│   ├── InvalidTensor          400  invalid_tensor
│   ├── UnreadableFile         000  unreadable_file (never over HTTP)
│   └── UnsupportedMediaType   415  unsupported_media_type
├── ImageError             the upload is no picture we can read
│   ├── NotAnImage             422  not_an_image
│   ├── DamagedImage           422  damaged_image
│   ├── TooManyPixels          413  too_many_pixels
│   └── BlankImage             422  blank_image
├── Unavailable            good input, not now
│   ├── NotReady               503  not_ready
│   ├── QueueFull              503  queue_full
│   ├── Overloaded             503  overloaded
│   ├── TooManyConnections     503  too_many_connections
│   ├── Draining               503  draining
│   └── DeadlineExceeded       504  deadline_exceeded
├── UnknownModel           404  unknown_model
├── VersionNotFound        404  version_not_found
├── EngineFailure          500  engine_failure
└── ModelError             a version folder that must not be served
    ├── ModelNotFound          500  model_not_found
    ├── ModelDamaged           500  model_damaged
    └── SelfTestFailed         500  self_test_failed
"""


class ServiceError(Exception):
    """Base of every error that this service raises on purpose.

    The message is the `detail` a caller reads, so it never names a path, a version of a
    dependency or anything else about the machine.
    """

    status = 500
    code = "internal_error"
    title = "Internal error"


class RequestError(ServiceError):
    """The request is refused before anybody looks at what it carries."""

    status = 400


class MalformedRequest(RequestError):
    """What came over the connection is no HTTP."""

    code = "malformed_request"
    title = "Malformed request"


class MalformedHeader(RequestError):
    """A header that is read here does not say what it may say."""

    code = "malformed_header"
    title = "Malformed header"


class Unauthorised(RequestError):
    """No key, or one that is not known."""

    status = 401
    code = "unauthorised"
    title = "Unauthorised"


class SlowRequest(RequestError):
    """The rest of the request did not come in time."""

    status = 408
    code = "slow_request"
    title = "Request too slow"


class UnsupportedEncoding(RequestError):
    """A body compressed in a way that is not undone here, or in several."""

    status = 415
    code = "unsupported_encoding"
    title = "Unsupported content encoding"


class HeadersTooLarge(RequestError):
    """More bytes before the body than the limit."""

    status = 431
    code = "headers_too_large"
    title = "Headers too large"


class UploadError(ServiceError):
    """The request does not carry an upload that can be taken."""

    status = 400


class MalformedBody(UploadError):
    """The body breaks the rules of its own content type."""

    code = "malformed_body"
    title = "Malformed request body"


class EmptyUpload(UploadError):
    """The body, or the file in it, has no bytes."""

    code = "empty_upload"
    title = "Empty upload"


class MissingFile(UploadError):
    """The form has no file in the field that is read."""

    status = 422
    code = "missing_file"
    title = "Missing file"


class InvalidParameter(UploadError):
    """A parameter of the query with a value that means nothing."""

    status = 422
    code = "invalid_parameter"
    title = "Invalid parameter"


class UploadTooLarge(UploadError):
    """More bytes than the limit; said before they are read whole."""

    status = 413
    code = "upload_too_large"
    title = "Upload too large"


class TooManyFiles(UploadError):
    """More files in one request than the limit."""

    status = 413
    code = "too_many_files"
    title = "Too many files"


class TooManyParts(UploadError):
    """More fields that are not asked for than the limit."""

    status = 413
    code = "too_many_parts"
    title = "Too many parts"


class TooManyRows(UploadError):
    """More digits in one tensor than the limit."""

    status = 413
    code = "too_many_rows"
    title = "Too many rows"


class InvalidTensor(UploadError):
    """A tensor whose name, type, shape or values are not those of the model."""

    code = "invalid_tensor"
    title = "Invalid tensor"


class UnreadableFile(UploadError):
    """The bytes of an image cannot be had; told by the command line and in bulk runs alone."""

    status = 0
    code = "unreadable_file"
    title = "Unreadable file"


class UnsupportedMediaType(UploadError):
    """A content type that is neither a form nor an image we read."""

    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"


class ImageError(ServiceError):
    """The upload cannot be turned into a digit."""

    status = 422


class NotAnImage(ImageError):
    """No decoder that is allowed here knows these bytes."""

    code = "not_an_image"
    title = "Not an image"


class DamagedImage(ImageError):
    """The header is an image's, the rest is truncated or broken."""

    code = "damaged_image"
    title = "Damaged image"


class TooManyPixels(ImageError):
    """The header announces more pixels than the limit; nothing was decoded."""

    status = 413
    code = "too_many_pixels"
    title = "Too many pixels"


class BlankImage(ImageError):
    """A picture without ink."""

    code = "blank_image"
    title = "Blank image"


class Unavailable(ServiceError):
    """Good input that cannot be answered now.

    Attributes:
        retry_after_seconds: when trying again is worth it; None where nothing is known.
    """

    status = 503

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        """Keep the message and when to come back."""
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class NotReady(Unavailable):
    """No version has been loaded and tested yet."""

    code = "not_ready"
    title = "Not ready"


class QueueFull(Unavailable):
    """The bounded queue has no room for these rows."""

    code = "queue_full"
    title = "Queue full"


class Overloaded(Unavailable):
    """As many requests, or as many of their bytes, are here as can be held."""

    code = "overloaded"
    title = "Overloaded"


class TooManyConnections(Unavailable):
    """As many connections are open as can be held."""

    code = "too_many_connections"
    title = "Too many connections"


class Draining(Unavailable):
    """The service is stopping and takes no new work."""

    code = "draining"
    title = "Shutting down"


class DeadlineExceeded(Unavailable):
    """The answer would come too late, so it was not computed."""

    status = 504
    code = "deadline_exceeded"
    title = "Deadline exceeded"


class UnknownModel(ServiceError):
    """A path names a model that is not the one served here."""

    status = 404
    code = "unknown_model"
    title = "Unknown model"


class VersionNotFound(ServiceError):
    """A version was named that is not there, or not loaded."""

    status = 404
    code = "version_not_found"
    title = "Version not found"


class EngineFailure(ServiceError):
    """The engine raised, or answered with something that is no probability."""

    code = "engine_failure"
    title = "Engine failure"


class ModelError(ServiceError):
    """A version folder that must not be served."""


class ModelNotFound(ModelError):
    """No version folder, or none that this engine can run."""

    code = "model_not_found"
    title = "Model not found"


class ModelDamaged(ModelError):
    """A file of the version is missing, altered or of another schema."""

    code = "model_damaged"
    title = "Model damaged"


class SelfTestFailed(ModelError):
    """The golden digits did not come out as they did when the version was made."""

    code = "self_test_failed"
    title = "Self-test failed"


def explain(error: Exception) -> str:
    """What the operating system says of a file, without the path, which stands beside it."""
    reason = getattr(error, "strerror", None)
    return str(reason or error or "It cannot be read.")


def too_large(what: str, max_bytes: int) -> UploadTooLarge:
    """The error of something, such as the file, that has more bytes than it may."""
    return UploadTooLarge(f"{what} has more than {max_bytes:,} bytes.")
