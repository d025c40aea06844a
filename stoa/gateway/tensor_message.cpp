#include "stoa/gateway/tensor_message.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>

#include "stoa/inference/tensor.hpp"

namespace stoa::gateway {
namespace {

using inference::ElementType;
using inference::Tensor;

constexpr std::size_t kMaxIdBytes = 256;
constexpr std::size_t kMaxTensors = 64;
constexpr std::size_t kMaxRank = 8;

constexpr std::array<std::pair<std::string_view, ElementType>, 12> kTypes{{
    {"BOOL", ElementType::boolean},
    {"INT8", ElementType::int8},
    {"UINT8", ElementType::uint8},
    {"INT16", ElementType::int16},
    {"UINT16", ElementType::uint16},
    {"INT32", ElementType::int32},
    {"UINT32", ElementType::uint32},
    {"INT64", ElementType::int64},
    {"UINT64", ElementType::uint64},
    {"FP16", ElementType::fp16},
    {"FP32", ElementType::fp32},
    {"FP64", ElementType::fp64},
}};

std::string_view name_of(ElementType type) {
    return std::ranges::find(kTypes, type, &std::pair<std::string_view, ElementType>::second)
        ->first;
}

tl::unexpected<Problem> invalid(const std::string& field, std::string_view expected) {
    return refuse(GatewayError::invalid_field,
                  "\"" + field + "\" must be " + std::string(expected) + ".", field);
}

/// Calls `use` with a value of the type's C++ form; false for FP16, which has none.
template <class Use>
bool with_type(ElementType type, Use use) {
    switch (type) {
        case ElementType::boolean: return use(bool{});
        case ElementType::int8: return use(std::int8_t{});
        case ElementType::uint8: return use(std::uint8_t{});
        case ElementType::int16: return use(std::int16_t{});
        case ElementType::uint16: return use(std::uint16_t{});
        case ElementType::int32: return use(std::int32_t{});
        case ElementType::uint32: return use(std::uint32_t{});
        case ElementType::int64: return use(std::int64_t{});
        case ElementType::uint64: return use(std::uint64_t{});
        case ElementType::fp16: return false;
        case ElementType::fp32: return use(float{});
        case ElementType::fp64: return use(double{});
    }
    return false;
}

template <class T>
std::optional<T> number_of(const json::value& value) {
    if constexpr (std::is_same_v<T, bool>) {
        if (value.is_bool()) return value.get_bool();
        return std::nullopt;
    } else if (!value.is_number()) {
        return std::nullopt;
    } else {
        boost::system::error_code bad;
        if constexpr (std::is_floating_point_v<T>) {
            const auto number = static_cast<T>(value.to_number<double>(bad));
            return bad || !std::isfinite(number) ? std::nullopt : std::optional(number);
        } else {
            const auto number = value.to_number<T>(bad);
            return bad ? std::nullopt : std::optional(number);
        }
    }
}

/// Row-major, whether flat or nested. False for a value that the type can't hold, and for more
/// than `most` bytes.
template <class T>
bool append(const json::array& values, std::size_t most, ByteVector& out) {
    for (const json::value& value : values) {
        if (const auto* inner = value.if_array()) {
            if (!append<T>(*inner, most, out)) return false;
            continue;
        }
        const auto number = number_of<T>(value);
        if (!number || out.size() + sizeof(T) > most) return false;
        const auto at = out.size();
        out.resize(at + sizeof(T));
        std::memcpy(out.data() + at, &*number, sizeof(T));
    }
    return true;
}

OrProblem<std::vector<std::int64_t>> shape_of(const json::value* value, const std::string& field) {
    const auto* list = value ? value->if_array() : nullptr;
    if (!list || list->size() > kMaxRank) return invalid(field, "a list of sizes");
    std::vector<std::int64_t> shape;
    for (const json::value& item : *list) {
        const auto size = number_of<std::int64_t>(item);
        if (!size || *size < 0) return invalid(field, "a list of sizes");
        shape.push_back(*size);
    }
    return shape;
}

OrProblem<Tensor> tensor_of(const Fields& fields, const std::string& field) {
    STOA_CHECK(fields.only({"name", "shape", "datatype", "data"}));
    STOA_TRY(const std::string type, fields.text("datatype"));
    const auto known =
        std::ranges::find(kTypes, type, &std::pair<std::string_view, ElementType>::first);
    if (known == kTypes.end() || known->second == ElementType::fp16) {
        return invalid(field + ".datatype", "BOOL, INT8 to INT64, UINT8 to UINT64, FP32 or FP64");
    }
    Tensor tensor;
    tensor.type = known->second;
    STOA_TRY(tensor.shape, shape_of(fields.raw().if_contains("shape"), field + ".shape"));
    const auto bytes = inference::tensor_bytes(tensor.type, tensor.shape);
    if (!bytes) return invalid(field + ".shape", "of at most 16 MiB of data");
    const json::value* data = fields.raw().if_contains("data");
    const bool fits = data && data->is_array() && with_type(tensor.type, [&](auto kind) {
                          return append<decltype(kind)>(data->get_array(), *bytes, tensor.data);
                      });
    if (!fits || tensor.data.size() != *bytes) {
        return invalid(field + ".data", "as many values of the datatype as the shape has");
    }
    return tensor;
}

OrProblem<std::vector<std::string>> wanted_of(const json::object& body,
                                              const inference::Tensors& outputs) {
    std::vector<std::string> names;
    const json::value* list = body.if_contains("outputs");
    if (!list) return names;
    if (!list->is_array() || list->get_array().size() > kMaxTensors) {
        return invalid("outputs", "a list of outputs");
    }
    for (const json::value& item : list->get_array()) {
        if (!item.is_object()) return invalid("outputs", "a list of outputs");
        const Fields fields(item.get_object(), "outputs");
        STOA_CHECK(fields.only({"name"}));
        STOA_TRY(std::string name, fields.text("name"));
        if (!outputs.contains(name)) return invalid("outputs.name", "an output of the model");
        names.push_back(std::move(name));
    }
    return names;
}

template <class T>
json::array values_of(const ByteVector& data) {
    json::array list;
    list.reserve(data.size() / sizeof(T));
    for (std::size_t at = 0; at + sizeof(T) <= data.size(); at += sizeof(T)) {
        T value{};
        std::memcpy(&value, data.data() + at, sizeof(T));
        if constexpr (std::is_floating_point_v<T>) {
            if (!std::isfinite(value)) {
                list.emplace_back(nullptr);
                continue;
            }
        }
        list.emplace_back(value);
    }
    return list;
}

json::object described(const std::string& name, const Tensor& tensor) {
    json::array shape;
    for (const std::int64_t size : tensor.shape) shape.emplace_back(size);
    return {{"name", name}, {"datatype", name_of(tensor.type)}, {"shape", std::move(shape)}};
}

}  // namespace

OrProblem<TensorRequest> read_tensor_request(std::string_view text,
                                             const inference::TensorSignature& signature) {
    STOA_TRY(const Fields fields, Fields::parse(text));
    STOA_CHECK(fields.only({"id", "inputs", "outputs"}));
    const json::object& body = fields.raw();
    TensorRequest request;
    if (fields.has("id")) {
        STOA_TRY(request.id, fields.text("id"));
        if (request.id.size() > kMaxIdBytes) return invalid("id", "at most 256 bytes");
    }
    const json::value* inputs = body.if_contains("inputs");
    if (!inputs) return refuse(GatewayError::missing_field, "\"inputs\" is missing.", "inputs");
    if (!inputs->is_array() || inputs->get_array().size() > kMaxTensors) {
        return invalid("inputs", "a list of tensors");
    }
    for (const json::value& item : inputs->get_array()) {
        if (!item.is_object()) return invalid("inputs", "a list of tensors");
        const Fields input(item.get_object(), "inputs");
        STOA_TRY(std::string name, input.text("name"));
        STOA_TRY(Tensor tensor, tensor_of(input, "inputs"));
        if (!request.inputs.emplace(std::move(name), std::move(tensor)).second) {
            return invalid("inputs.name", "each input once");
        }
    }
    if (!inference::fits(signature.inputs, request.inputs)) {
        return refuse(GatewayError::invalid_field,
                      "\"inputs\" must have the names, datatypes and shapes that the model's "
                      "metadata lists.",
                      "inputs");
    }
    STOA_TRY(request.outputs, wanted_of(body, signature.outputs));
    return request;
}

std::string tensor_answer(const TensorRequest& request, std::string_view model,
                          std::uint32_t version, const inference::Tensors& outputs) {
    json::array list;
    for (const auto& [name, tensor] : outputs) {
        const bool wanted = request.outputs.empty() ||
                            std::ranges::find(request.outputs, name) != request.outputs.end();
        if (!wanted) continue;
        json::object output = described(name, tensor);
        with_type(tensor.type, [&](auto kind) {
            output["data"] = values_of<decltype(kind)>(tensor.data);
            return true;
        });
        list.push_back(std::move(output));
    }
    json::object body;
    if (!request.id.empty()) body["id"] = request.id;
    body["model_name"] = model;
    body["model_version"] = std::to_string(version);
    body["outputs"] = std::move(list);
    return json::serialize(body);
}

json::array tensor_list(const inference::Tensors& tensors) {
    json::array list;
    for (const auto& [name, tensor] : tensors) list.push_back(described(name, tensor));
    return list;
}

}  // namespace stoa::gateway
