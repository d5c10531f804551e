import { defineLanguage } from './catalogue'
import en from './en'

export default defineLanguage(en)
