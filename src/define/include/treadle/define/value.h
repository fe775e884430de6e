// A value on its way between a step and an IO manager: any C++ object, or a Python object, without
// its type.
#pragma once

#include <memory>
#include <typeinfo>
#include <utility>

namespace treadle {

// Cheap to copy: copies share the object, which nobody changes. Thread-safe as a shared_ptr to
// const is.
class Value {
 public:
  Value() = default;
  template <class T>
  static Value of(T object) {
    Value v;
    v.data_ = std::make_shared<const T>(std::move(object));
    v.type_ = &typeid(T);
    return v;
  }
  // The object when it is exactly a T, else null. Valid as long as this Value.
  template <class T>
  const T* get() const {
    return type_ && *type_ == typeid(T) ? static_cast<const T*>(data_.get()) : nullptr;
  }
  const std::type_info* type() const { return type_; }
  explicit operator bool() const { return type_ != nullptr; }

 private:
  std::shared_ptr<const void> data_;
  const std::type_info* type_ = nullptr;
};

}  // namespace treadle
