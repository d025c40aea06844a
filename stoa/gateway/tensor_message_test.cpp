#include "stoa/gateway/tensor_message.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

namespace stoa::gateway {
namespace {

using inference::ElementType;

const inference::TensorSignature kSignature{
    {{"x", {ElementType::fp32, {-1, 2}, {}}}, {"n", {ElementType::int64, {}, {}}}},
    {{"y", {ElementType::fp32, {1, 2}, {}}}, {"ok", {ElementType::boolean, {1}, {}}}}};
const std::string kX = R"({"name":"x","shape":[2,2],"datatype":"FP32","data":[1,2.5,-3,4]})";
const std::string kN = R"({"name":"n","shape":[],"datatype":"INT64","data":[16000]})";

std::string body(const std::string& inputs, const std::string& more = "") {
    return "{\"inputs\":[" + inputs + "]" + more + "}";
}

std::string refusal(const std::string& text) {
    const auto read = read_tensor_request(text, kSignature);
    return read ? "" : read.error().code + " " + read.error().param;
}

template <class T>
ByteVector bytes_of(std::initializer_list<T> values) {
    ByteVector out(values.size() * sizeof(T));
    std::memcpy(out.data(), values.begin(), out.size());
    return out;
}

TEST(tensor_message, reads_flat_and_nested_data_alike) {
    const auto flat = read_tensor_request(body(kX + "," + kN, R"(,"id":"7")"), kSignature);
    ASSERT_TRUE(flat.has_value()) << flat.error().detail;
    EXPECT_EQ(flat->id, "7");
    EXPECT_EQ(flat->inputs.at("x").data, bytes_of<float>({1, 2.5F, -3, 4}));
    EXPECT_EQ(flat->inputs.at("n").data, bytes_of<std::int64_t>({16000}));
    const std::string nested =
        R"({"name":"x","shape":[2,2],"datatype":"FP32","data":[[1,2.5],[-3,4]]})";
    const auto same = read_tensor_request(body(nested + "," + kN), kSignature);
    ASSERT_TRUE(same.has_value());
    EXPECT_EQ(same->inputs.at("x").data, flat->inputs.at("x").data);
}

TEST(tensor_message, refuses_what_the_model_does_not_take) {
    EXPECT_EQ(refusal("{"), "malformed_json ");
    EXPECT_EQ(refusal("{}"), "missing_field inputs");
    EXPECT_EQ(refusal(body(kX + "," + kN, R"(,"parameters":{})")), "unknown_field parameters");
    EXPECT_EQ(refusal(body(kX)), "invalid_field inputs");
    EXPECT_EQ(refusal(body(kX + "," + kX + "," + kN)), "invalid_field inputs.name");
    EXPECT_EQ(refusal(body(kX + "," + kN, R"(,"outputs":[{"name":"z"}])")),
              "invalid_field outputs.name");
    const auto with = [](const char* shape, const char* type, const char* data) {
        return refusal(body(std::string(R"({"name":"x","shape":)") + shape + R"(,"datatype":")" +
                            type + R"(","data":)" + data + "}," + kN));
    };
    EXPECT_EQ(with("[1,2]", "FP32", "[1,2]"), "");
    EXPECT_EQ(with("[1,2]", "FP32", "[1]"), "invalid_field inputs.data");
    EXPECT_EQ(with("[1,2]", "FP32", "[1,2,3]"), "invalid_field inputs.data");
    EXPECT_EQ(with("[1,2]", "FP32", "[1,\"2\"]"), "invalid_field inputs.data");
    EXPECT_EQ(with("[1,2]", "FP32", "[1,1e39]"), "invalid_field inputs.data");
    EXPECT_EQ(with("[1,2]", "FP32", "{}"), "invalid_field inputs.data");
    EXPECT_EQ(with("[1,2]", "UINT8", "[1,256]"), "invalid_field inputs.data");
    EXPECT_EQ(with("[1,2]", "UINT8", "[1,2]"), "invalid_field inputs");
    EXPECT_EQ(with("[1,3]", "FP32", "[1,2,3]"), "invalid_field inputs");
    EXPECT_EQ(with("[-1,2]", "FP32", "[1,2]"), "invalid_field inputs.shape");
    EXPECT_EQ(with("[9000000000,2]", "FP32", "[1,2]"), "invalid_field inputs.shape");
    EXPECT_EQ(with("[1,2]", "FP16", "[1,2]"), "invalid_field inputs.datatype");
    EXPECT_EQ(with("[1,2]", "BYTES", "[\"a\",\"b\"]"), "invalid_field inputs.datatype");
}

TEST(tensor_message, writes_the_outputs_that_are_wanted) {
    inference::Tensors outputs;
    outputs["y"] = {ElementType::fp32,
                    {1, 2},
                    bytes_of<float>({0.5F, std::numeric_limits<float>::quiet_NaN()})};
    outputs["ok"] = {ElementType::boolean, {1}, {1}};
    TensorRequest request;
    request.id = "7";
    EXPECT_EQ(json::parse(tensor_answer(request, "m", 3, outputs)),
              json::parse(R"({"id":"7","model_name":"m","model_version":"3","outputs":[)"
                          R"({"name":"ok","datatype":"BOOL","shape":[1],"data":[true]},)"
                          R"({"name":"y","datatype":"FP32","shape":[1,2],"data":[0.5,null]}]})"));
    request.outputs = {"ok"};
    const auto one = json::parse(tensor_answer(request, "m", 3, outputs));
    EXPECT_EQ(one.at("outputs").as_array().size(), 1U);
    EXPECT_EQ(json::value(tensor_list(kSignature.inputs)),
              json::parse(R"([{"name":"n","datatype":"INT64","shape":[]},)"
                          R"({"name":"x","datatype":"FP32","shape":[-1,2]}])"));
}

}  // namespace
}  // namespace stoa::gateway
