#include <treadle/cpp/context.h>
#include <treadle/cpp/values.h>
#include <treadle/define/type_name.h>

#include <cxxabi.h>
#include <exception>
#include <typeinfo>

namespace treadle::cpp {

StepFailure to_failure(Error error) {
  StepFailure failure;
  failure.message = std::move(error.message);
  failure.error_class = "treadle::Error::" + std::string(to_string(error.code));
  failure.interrupted = error.code == Errc::kCancelled;
  return failure;
}

StepFailure to_failure(const Failure& given) {
  StepFailure failure;
  failure.message = given.what();
  failure.error_class = "treadle::Failure";
  failure.metadata = given.metadata;
  failure.allow_retries = given.allow_retries;
  return failure;
}

StepFailure to_failure(const RetryRequested& request) {
  StepFailure failure;
  failure.message = request.what();
  failure.error_class = "treadle::RetryRequested";
  failure.retry = StepFailure::RetryRequest{request.max_retries, request.seconds_to_wait};
  return failure;
}

StepFailure to_failure(std::string message) {
  StepFailure failure;
  failure.message = std::move(message);
  return failure;
}

namespace {

// The exception that led to this one (std::throw_with_nested), if any.
void add_cause(StepFailure& failure, const std::exception& exception) {
  try {
    std::rethrow_if_nested(exception);
  } catch (...) {
    failure.cause.push_back(current_exception_failure());
  }
}

// std::nested_exception hides the class behind one of the library's own.
std::string class_of(const std::exception& exception) {
  std::string name = type_name(typeid(exception));
  constexpr std::string_view kNested = "std::_Nested_exception<";
  if (name.starts_with(kNested) && name.ends_with('>'))
    name = name.substr(kNested.size(), name.size() - kNested.size() - 1);
  return name;
}

}  // namespace

StepFailure to_failure(const std::exception& exception) {
  StepFailure failure = to_failure(std::string(exception.what()));
  failure.error_class = class_of(exception);
  add_cause(failure, exception);
  return failure;
}

StepFailure current_exception_failure() {
  try {
    throw;
  } catch (const Failure& failure) {
    StepFailure result = to_failure(failure);
    add_cause(result, failure);
    return result;
  } catch (const RetryRequested& request) {
    StepFailure result = to_failure(request);
    add_cause(result, request);
    return result;
  } catch (const Cancelled& cancelled) {
    StepFailure result = to_failure(std::string(cancelled.what()));
    result.error_class = "treadle::Cancelled";
    result.interrupted = true;
    return result;
  } catch (StepFailure& failure) {
    return std::move(failure);
  } catch (const std::exception& exception) {
    StepFailure result = to_failure(exception);
    result.origin = std::current_exception();
    return result;
  } catch (const abi::__forced_unwind&) {
    throw;  // the thread is being cancelled
  } catch (const std::string& text) {
    return to_failure(text);
  } catch (const char* text) {
    return to_failure(std::string(text));
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    StepFailure result =
        to_failure(std::string("An exception that is no std::exception left the function."));
    if (type != nullptr) result.error_class = type_name(*type);
    return result;
  }
}

}  // namespace treadle::cpp
