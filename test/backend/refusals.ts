/**
 * Cases of described operators whose outputs are not made, each with the reason; the tests want them to differ, so that
 * a reason that no longer holds is noticed.
 */

const drawn =
  "what it makes is drawn from the generator of a runtime, which the reference does not have";
const undeclared =
  "a body of its If hands on a value from around it, whose shape the file does not declare";
const untyped = "its Loop has a body whose inputs have no types";
const newer =
  "it uses what Attention was given after opset 23 (nonpad_kv_seqlen, left_window_size, right_window_size), which has no form here";
const alone =
  "the file imports ai.onnx.ml and no version of ai.onnx, without which none is read here";
const rounded =
  "what it wants was rounded to half precision on the way, by more than its tolerance; the reference counts in float64";

export const refusals: Readonly<Record<string, string>> = {
  test_attention_3d_local_window: newer,
  test_attention_4d_causal_nonpad_attn_mask_composition: newer,
  test_attention_4d_causal_nonpad_batch_prefill: newer,
  test_attention_4d_causal_nonpad_continued_prefill: newer,
  test_attention_4d_causal_nonpad_negative_offset_structural_empty: newer,
  test_attention_4d_diff_heads_mask4d_padded_kv: newer,
  test_attention_4d_gqa_causal_nonpad_decode: newer,
  test_attention_4d_gqa_causal_nonpad_decode_fp16: newer,
  test_attention_4d_gqa_with_past_and_present_fp16: rounded,
  test_attention_4d_gqa_with_past_and_present_fp16_expanded: rounded,
  test_attention_bidirectional_window: newer,
  test_attention_local_window: newer,
  test_attention_local_window_ext_cache_float16_mask: newer,
  test_attention_local_window_ext_cache_rank2_mask: newer,
  test_attention_local_window_ext_cache_rank3_head_mask: newer,
  test_attention_local_window_ext_cache_rank4_batch_mask: newer,
  test_attention_local_window_gqa_rank4_mask: newer,
  test_attention_local_window_rank1_boolean_mask: newer,
  test_attention_local_window_with_past: newer,
  test_affine_grid_2d_align_corners_expanded: undeclared,
  test_affine_grid_2d_expanded: undeclared,
  test_affine_grid_3d_align_corners_expanded: undeclared,
  test_affine_grid_3d_expanded: undeclared,
  test_ai_onnx_ml_label_encoder_string_int: alone,
  test_ai_onnx_ml_label_encoder_string_int_no_default: alone,
  test_ai_onnx_ml_label_encoder_tensor_mapping: alone,
  test_ai_onnx_ml_label_encoder_tensor_value_only_mapping: alone,
  test_bernoulli: drawn,
  test_bernoulli_double: drawn,
  test_bernoulli_double_expanded: drawn,
  test_bernoulli_expanded: drawn,
  test_bernoulli_seed: drawn,
  test_bernoulli_seed_expanded: drawn,
  test_training_dropout: drawn,
  test_training_dropout_default: drawn,
  test_training_dropout_default_mask: drawn,
  test_training_dropout_mask: drawn,
  test_maxunpool_export_with_output_shape:
    "its indices count the elements of what was pooled; here, as in onnxruntime, they count those of output_shape",
  test_range_float16_type_positive_delta_expanded: untyped,
  test_range_float_type_positive_delta_expanded: untyped,
  test_range_int32_type_negative_delta_expanded: untyped,
};
