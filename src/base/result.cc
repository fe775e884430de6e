#include <treadle/base/result.h>

#include <cerrno>
#include <cstring>

namespace treadle {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument:
      return "invalid argument";
    case Errc::kNotFound:
      return "not found";
    case Errc::kAlreadyExists:
      return "already exists";
    case Errc::kPermissionDenied:
      return "permission denied";
    case Errc::kReadOnly:
      return "read-only";
    case Errc::kDiskFull:
      return "disk full";
    case Errc::kBusy:
      return "busy";
    case Errc::kCorrupt:
      return "corrupt";
    case Errc::kCancelled:
      return "cancelled";
    case Errc::kUnsupported:
      return "unsupported";
    case Errc::kIo:
      return "input/output error";
    case Errc::kInternal:
      return "internal error";
  }
  return "unknown";
}

Error Error::with_context(std::string_view what) && {
  message = std::string(what) + ": " + message;
  return std::move(*this);
}

Error errno_error(std::string_view what, int error_number) {
  Errc code = Errc::kIo;
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      code = Errc::kNotFound;
      break;
    case EEXIST:
      code = Errc::kAlreadyExists;
      break;
    case EACCES:
    case EPERM:
      code = Errc::kPermissionDenied;
      break;
    case EROFS:
      code = Errc::kReadOnly;
      break;
    case ENOSPC:
    case EDQUOT:
      code = Errc::kDiskFull;
      break;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
      code = Errc::kInvalidArgument;
      break;
    default:
      break;
  }
  return Error{code, std::string(what) + ": " + std::strerror(error_number)};
}

}  // namespace treadle
