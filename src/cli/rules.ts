export async function rules(): Promise<number> {
  return 1;
}
